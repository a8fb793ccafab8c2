export default {
  label: 'Bản đồ tỉnh Nghệ An: camera và sự kiện',
  unavailable: 'Máy này không vẽ được bản đồ (thiếu WebGL).',
  reset: 'Toàn tỉnh',
  islands: 'Quần đảo Hoàng Sa và quần đảo Trường Sa (Việt Nam) nằm ngoài khung bản đồ này.',
  cameraOnline: 'Camera hoạt động',
  cameraConnecting: 'Camera đang kết nối',
  cameraOffline: 'Camera mất kết nối',
  incident: 'Sự kiện',
}
