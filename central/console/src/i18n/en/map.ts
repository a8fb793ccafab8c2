/** The map, in English. */
export default {
  label: 'Map of Nghệ An province: cameras and incidents',
  unavailable: 'This computer cannot draw the map (no WebGL).',
  reset: 'Whole province',
  islands: 'Hoàng Sa and Trường Sa (Việt Nam) lie outside this map',
  cameraOnline: 'Camera online',
  cameraConnecting: 'Camera connecting',
  cameraOffline: 'Camera offline',
  incident: 'Incident',
}
