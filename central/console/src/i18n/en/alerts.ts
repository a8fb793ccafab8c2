/** The officer’s phone page, in English. */
export default {
  title: 'Alerts',
  soundOn: 'Turn sound on',
  soundOff: 'Turn sound off',
  soundAsk: 'Sound is off. Turn it on to hear a bell for every new alert.',
  soundActive: 'Sound and vibration are on; the screen is kept awake.',
  test: 'Test the bell',
  waiting: 'Waiting',
  mine: 'Acknowledged by you',
  acknowledge: 'ACKNOWLEDGE',
  details: 'Video and details',
  directions: 'Location',
  quiet: 'No alert is waiting',
  quietHint: 'Keep this page open. A new alert appears as soon as a camera sees it.',
  tabTitle: '({n}) Alerts',
}
