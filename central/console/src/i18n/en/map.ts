export default {
  label: 'Map of Nghệ An province: cameras and incidents',
  unavailable: 'This computer cannot draw the map (no WebGL).',
  reset: 'Whole province',
  islands: 'The Hoàng Sa and Trường Sa archipelagos (Việt Nam) lie outside this map.',
  cameraOnline: 'Camera online',
  cameraConnecting: 'Camera connecting',
  cameraOffline: 'Camera offline',
  incident: 'Incident',
}
