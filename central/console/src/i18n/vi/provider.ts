/** Log-in through the province's own directory. */
export default {
  logIn: 'Đăng nhập bằng tài khoản của tỉnh',
  identity: 'Tài khoản ngoài',
  chip: 'Tài khoản ngoài',
  linkTitle: 'Tài khoản ngoài của {who}',
  subject: 'Mã người dùng (sub) ở hệ thống tài khoản ngoài',
  subjectHint:
    'Mã không đổi mà hệ thống đó cấp cho người này, không phải tên hay thư điện tử. Khi người chưa được gắn thử đăng nhập, mã của họ có trong nhật ký.',
  save: 'Gắn',
  unlink: 'Bỏ gắn',
  unlinkAsk:
    'Bỏ gắn tài khoản ngoài của {who}? Người này bị đăng xuất ngay và không đăng nhập bằng tài khoản đó được nữa.',
  failed: {
    provider_away: 'Không kết nối được hệ thống tài khoản ngoài. Thử lại sau, hoặc dùng mật khẩu.',
    provider_wrong:
      'Hệ thống tài khoản ngoài trả lời không hợp lệ nên không đăng nhập được. Hãy dùng mật khẩu và báo quản trị hệ thống.',
    provider_clock:
      'Đồng hồ của trung tâm và hệ thống tài khoản ngoài lệch nhau quá một phút. Hãy báo quản trị hệ thống.',
    provider_refused: 'Hệ thống tài khoản ngoài từ chối, hoặc bạn đã hủy. Hãy thử lại.',
    provider_late: 'Quá 5 phút hoặc mở ở trình duyệt khác. Hãy đăng nhập lại từ đầu.',
    provider_unknown:
      'Tài khoản này chưa được gắn với người dùng nào ở đây. Hãy liên hệ quản trị hệ thống.',
    provider_one_factor:
      'Tài khoản của bạn phải dùng xác thực hai lớp, nhưng hệ thống tài khoản ngoài chỉ hỏi một lớp. Hãy dùng mật khẩu và mã, hoặc khóa truy cập.',
  },
}
