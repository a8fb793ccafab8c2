/** Passkeys: a device that is unlocked instead of password and code. */
export default {
  title: 'Khóa truy cập (passkey)',
  intro:
    'Đăng nhập bằng vân tay, khuôn mặt hoặc mã PIN của điện thoại, máy tính hay khóa USB, không cần mật khẩu và mã. Khóa truy cập thay cho cả hai lớp.',
  logIn: 'Đăng nhập bằng khóa truy cập',
  none: 'Chưa có khóa truy cập nào.',
  impossible:
    'Ở địa chỉ này không dùng được khóa truy cập: trung tâm cần địa chỉ https có tên miền. Hãy báo quản trị hệ thống.',
  unknown:
    'Trình duyệt này không hỗ trợ khóa truy cập. Hãy dùng bản mới của Chrome, Edge, Firefox hoặc Safari.',
  created: 'Tạo lúc {time}',
  used: 'Dùng gần nhất {time}',
  unused: 'Chưa dùng lần nào',
  cloned:
    'Bộ đếm của khóa này đi lùi lúc {time}: có thể đã bị sao chép nên không đăng nhập được nữa. Hãy xóa, tạo khóa mới và báo quản trị hệ thống.',
  name: 'Tên khóa, ví dụ: Điện thoại của tôi',
  nameOf: 'Tên của {name}',
  add: 'Thêm khóa truy cập',
  added: 'Đã thêm khóa truy cập. Lần sau đăng nhập không cần mật khẩu.',
  rename: 'Đổi tên',
  renamed: 'Đã đổi tên.',
  remove: 'Xóa',
  removeAsk: 'Xóa khóa truy cập “{name}”? Thiết bị đó không đăng nhập được nữa.',
  removed: 'Đã xóa khóa truy cập “{name}”.',
  passwordFirst: 'Nhập mật khẩu ở trên để thêm hoặc xóa khóa.',
  instead: 'Dùng khóa truy cập thay cho mã trên điện thoại',
  chip: '{n} khóa',
  reset: 'Xóa khóa truy cập',
  resetAsk:
    'Xóa mọi khóa truy cập của {who}? Chỉ làm khi đã xác minh đúng người. Người này bị đăng xuất ngay và việc này được ghi nhật ký.',
  failed: {
    cancelled:
      'Chưa có khóa truy cập nào được dùng: đã hủy, quá thời gian hoặc thiết bị không có khóa.',
    present: 'Thiết bị này đã có khóa truy cập của bạn.',
    failed: 'Trình duyệt không tạo hoặc không dùng được khóa truy cập. Thử lại hoặc dùng mật khẩu.',
  },
}
