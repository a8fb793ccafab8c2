/** The map. */
export default {
  label: 'Bản đồ tỉnh Nghệ An: camera và sự kiện',
  unavailable: 'Máy này không vẽ được bản đồ (thiếu WebGL).',
  reset: 'Toàn tỉnh',
  islands: 'Hoàng Sa, Trường Sa (Việt Nam) ở ngoài khung bản đồ',
  cameraOnline: 'Camera hoạt động',
  cameraConnecting: 'Camera đang kết nối',
  cameraOffline: 'Camera mất kết nối',
  incident: 'Sự kiện',
}
