/**
 * Addresses of the console. Every page but the login is a chunk of its own.
 *
 * `meta.bare` pages stand without the shell; `meta.open` ones need no session; `meta.title` is the
 * message key of the window title.
 */
import { createRouter, createWebHistory } from 'vue-router'
import { i18n } from './i18n'
import LoginPage from './pages/LoginPage.vue'
import { enterPage, leavePage } from './state/scroll'
import { isWall, loadSession } from './state/session'

declare module 'vue-router' {
  interface RouteMeta {
    bare?: boolean
    open?: boolean
    title?: string
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    {
      path: '/login',
      component: LoginPage,
      meta: { bare: true, open: true, title: 'account.logIn' },
    },
    {
      path: '/password',
      component: () => import('./pages/PasswordPage.vue'),
      meta: { bare: true, title: 'common.changePassword' },
    },
    {
      path: '/second-factor',
      component: () => import('./pages/SecondFactorPage.vue'),
      meta: { bare: true, title: 'factor.title' },
    },
    {
      path: '/passkeys',
      component: () => import('./pages/PasskeysPage.vue'),
      meta: { bare: true, title: 'passkey.title' },
    },
    {
      path: '/',
      component: () => import('./pages/QueuePage.vue'),
      meta: { title: 'incident.title' },
    },
    {
      path: '/incidents/:id',
      component: () => import('./pages/IncidentPage.vue'),
      props: true,
      meta: { title: 'incident.title' },
    },
    {
      path: '/desk',
      component: () => import('./pages/DeskPage.vue'),
      meta: { title: 'cases.desk' },
    },
    {
      path: '/alerts',
      component: () => import('./pages/AlertsPage.vue'),
      meta: { bare: true, title: 'alerts.title' },
    },
    {
      path: '/duty/alerts/:code',
      component: () => import('./pages/AlertPage.vue'),
      props: true,
      meta: { title: 'duty.history.title' },
    },
    {
      path: '/duty/:tab(handover|shifts|silences|contacts)?',
      component: () => import('./pages/DutyPage.vue'),
      props: true,
      meta: { title: 'duty.title' },
    },
    {
      path: '/duty/handovers/:id(\\d+)',
      component: () => import('./pages/HandoverPage.vue'),
      props: true,
      meta: { title: 'duty.handover.sheet' },
    },
    {
      path: '/officer/:code?',
      component: () => import('./pages/OfficerPage.vue'),
      props: true,
      meta: { bare: true, title: 'field.title' },
    },
    // What texts outside carry: whoever is reached there holds a phone.
    { path: '/alerts/:code', redirect: (to) => `/officer/${String(to.params.code)}` },
    {
      path: '/map',
      component: () => import('./pages/MapPage.vue'),
      meta: { title: 'map.title' },
    },
    {
      path: '/wall',
      component: () => import('./pages/WallPage.vue'),
      meta: { bare: true, title: 'wall.title' },
    },
    {
      path: '/quality',
      component: () => import('./pages/QualityPage.vue'),
      meta: { title: 'quality.title' },
    },
    {
      path: '/boxes',
      component: () => import('./pages/BoxesPage.vue'),
      meta: { title: 'fleet.title' },
    },
    {
      path: '/models',
      component: () => import('./pages/ModelsPage.vue'),
      meta: { title: 'models.title' },
    },
    {
      path: '/quarantine',
      component: () => import('./pages/QuarantinePage.vue'),
      meta: { title: 'fleet.quarantine' },
    },
    {
      path: '/retention',
      component: () => import('./pages/RetentionPage.vue'),
      meta: { title: 'custody.retention.title' },
    },
    {
      path: '/audit',
      component: () => import('./pages/AuditPage.vue'),
      meta: { title: 'audit.title' },
    },
    {
      path: '/admin/:tab(users|boxes|feeds|walls)?',
      component: () => import('./pages/AdminPage.vue'),
      props: true,
      meta: { title: 'common.nav.admin' },
    },
    {
      path: '/ioc',
      component: () => import('./pages/ioc/TilesPage.vue'),
      meta: { title: 'ioc.title' },
    },
    {
      path: '/ioc/:component',
      component: () => import('./pages/ioc/ComponentPage.vue'),
      props: true,
      meta: { title: 'ioc.title' },
    },
    {
      path: '/ioc/:component/:indicator',
      component: () => import('./pages/ioc/IndicatorPage.vue'),
      props: true,
      meta: { title: 'ioc.title' },
    },
    {
      path: '/ioc/:component/:indicator/records',
      component: () => import('./pages/ioc/RecordsPage.vue'),
      props: true,
      meta: { title: 'ioc.recordsTitle' },
    },
    {
      path: '/feeds/:feed',
      component: () => import('./pages/FeedPage.vue'),
      props: true,
      meta: { title: 'feeds.title' },
    },
    { path: '/:rest(.*)*', component: () => import('./pages/NotFoundPage.vue') },
  ],
  scrollBehavior: (to, from, saved) => enterPage(to, from, saved !== null),
})

router.beforeEach((_to, from) => leavePage(from))
router.beforeEach(async (to) => {
  if (to.meta.open) return true
  const me = await loadSession().catch(() => null)
  if (!me) return { path: '/login', query: to.path === '/' ? {} : { next: to.fullPath } }
  if (me.must_change_password) return to.path === '/password' || '/password'
  // Either is a second factor.
  if (me.must_enrol) return ['/second-factor', '/passkeys'].includes(to.path) || '/second-factor'
  if (isWall.value && to.path !== '/wall') return '/wall'
  return true
})

/** Set the window's title from the present route and language. */
export function showTitle(): void {
  const key = router.currentRoute.value.meta.title
  const name = i18n.global.t('common.product')
  document.title = key ? `${i18n.global.t(key)} · ${name}` : name
}

router.afterEach(showTitle)
