/** All Vietnamese texts, one file per area. */
import account from './account'
import alerts from './alerts'
import cases from './cases'
import common from './common'
import custody from './custody'
import duty from './duty'
import feeds from './feeds'
import field from './field'
import fleet from './fleet'
import incident from './incident'
import ioc from './ioc'
import map from './map'
import models from './models'
import wall from './wall'

export default {
  account,
  alerts,
  cases,
  common,
  custody,
  duty,
  feeds,
  field,
  fleet,
  incident,
  ioc,
  map,
  models,
  wall,
}
