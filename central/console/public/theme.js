// Runs before the first paint, so that a chosen theme never flashes in the other one.
// A file of its own because the centre's content policy forbids inline scripts.
;(function () {
  var root = document.documentElement
  var theme = null
  try {
    theme = localStorage.getItem('songlam.theme')
    root.lang = localStorage.getItem('songlam.locale') === 'en' ? 'en' : 'vi'
  } catch {
    // Storage may be forbidden; the system's preference then decides.
  }
  if (theme !== 'light' && theme !== 'dark') {
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  }
  root.dataset.theme = theme
})()
