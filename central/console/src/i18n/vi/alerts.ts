/** The officer's phone page. */
export default {
  title: 'Cảnh báo',
  soundOn: 'Bật âm thanh',
  soundOff: 'Tắt âm thanh',
  soundAsk: 'Âm thanh đang tắt. Bật để nghe chuông khi có cảnh báo mới.',
  soundActive: 'Âm thanh và rung đang bật; màn hình được giữ sáng.',
  test: 'Thử chuông',
  waiting: 'Chờ tiếp nhận',
  mine: 'Bạn đã tiếp nhận',
  acknowledge: 'TIẾP NHẬN',
  details: 'Xem video, chi tiết',
  directions: 'Vị trí',
  quiet: 'Không có cảnh báo nào chờ tiếp nhận',
  quietHint: 'Giữ trang này mở. Cảnh báo mới hiện ngay khi camera phát hiện.',
  tabTitle: '({n}) Cảnh báo',
}
