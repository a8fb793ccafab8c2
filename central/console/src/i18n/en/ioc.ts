export default {
  title: 'Nine components',
}
