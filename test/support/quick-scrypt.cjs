'use strict'
// Loaded first by the clients of tests that are not about what a password costs: with the real cost each log-in takes a third of a second.

const crypto = require('crypto')
const { scrypt } = crypto

crypto.scrypt = (password, salt, length, options, done) =>
  scrypt(password, salt, length, Object.assign({}, options, { N: 2 }), done)
require('module').syncBuiltinESMExports()
