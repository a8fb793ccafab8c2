/** Passkeys: a device that is unlocked instead of password and code. */
export default {
  title: 'Passkeys',
  intro:
    'Log in with the fingerprint, face or PIN of a phone, computer or security key, without password and code. A passkey counts as both factors.',
  logIn: 'Log in with a passkey',
  none: 'No passkeys yet.',
  impossible:
    'Passkeys do not work at this address: the centre needs a named host under https. Tell an administrator.',
  unknown: 'This browser knows no passkeys. Use a recent Chrome, Edge, Firefox or Safari.',
  created: 'Made {time}',
  used: 'Last used {time}',
  unused: 'Never used',
  cloned:
    'The counter of this passkey went back at {time}: it may have been copied, so it logs in no more. Remove it, make a new one and tell an administrator.',
  name: 'Name, for example: My phone',
  nameOf: 'Name of {name}',
  add: 'Add a passkey',
  added: 'Passkey added. Next time you need no password.',
  rename: 'Rename',
  renamed: 'Renamed.',
  remove: 'Remove',
  removeAsk: 'Remove the passkey “{name}”? That device logs in no more.',
  removed: 'Passkey “{name}” removed.',
  passwordFirst: 'Give your password above to add or remove a passkey.',
  instead: 'Use a passkey instead of codes of the phone',
  chip: '{n} passkeys',
  reset: 'Remove passkeys',
  resetAsk:
    'Remove all passkeys of {who}? Only after making sure who is asking. They are logged out at once, and it is recorded.',
  failed: {
    cancelled: 'No passkey was used: cancelled, too late, or the device has none.',
    present: 'This device has a passkey of yours already.',
    failed: 'The browser could not make or use a passkey. Try again, or use the password.',
  },
}
