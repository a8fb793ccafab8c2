/** All English texts, one file per area. */
import account from './account'
import alerts from './alerts'
import audit from './audit'
import cases from './cases'
import common from './common'
import custody from './custody'
import duty from './duty'
import factor from './factor'
import feeds from './feeds'
import field from './field'
import fleet from './fleet'
import incident from './incident'
import ioc from './ioc'
import map from './map'
import models from './models'
import passkey from './passkey'
import provider from './provider'
import quality from './quality'
import wall from './wall'

export default {
  account,
  alerts,
  audit,
  cases,
  common,
  custody,
  duty,
  factor,
  feeds,
  field,
  fleet,
  incident,
  ioc,
  map,
  models,
  passkey,
  provider,
  quality,
  wall,
}
