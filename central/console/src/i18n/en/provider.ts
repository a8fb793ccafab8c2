/** Log-in through the province's own directory. */
export default {
  logIn: 'Log in with the province’s account',
  identity: 'External identity',
  chip: 'External',
  linkTitle: 'External identity of {who}',
  subject: 'Subject (sub) at the external provider',
  subjectHint:
    'The unchanging id that the provider gives this person, not a name or mail address. When somebody who is not linked tries to log in, theirs is in the audit log.',
  save: 'Link',
  unlink: 'Unlink',
  unlinkAsk:
    'Unlink the external identity of {who}? They are logged out at once and cannot log in with it any more.',
  failed: {
    provider_away: 'The external provider cannot be reached. Try again later, or use the password.',
    provider_wrong:
      'The external provider did not answer as it should. Use the password and tell an administrator.',
    provider_clock:
      'The clocks of the centre and the external provider are over a minute apart. Tell an administrator.',
    provider_refused: 'The external provider refused, or you cancelled. Try again.',
    provider_late: 'It took over 5 minutes, or this is another browser. Log in from the start.',
    provider_unknown: 'This account is not linked to any user here. Ask an administrator.',
    provider_one_factor:
      'Your account needs a second factor, and the external provider asked for one only. Use password and code, or a passkey.',
  },
}
