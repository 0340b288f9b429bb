import { is, suite } from '@diffeo/testing'
import { nearest } from './nearest.ts'

const s = suite('nearest name')

s.test('the name that was meant', () => {
  const names = ['voltage', 'current', 'active_power', 'x1', 'Δ']
  is(nearest('voltag', names), 'voltage')
  is(nearest('VOLTAGE', names), 'voltage')
  is(nearest('activepower', names), 'active_power')
  is(nearest('x2', names), 'x1')
  is(nearest('temperature', names), undefined)
  is(nearest('', []), undefined)
})

s.run()
