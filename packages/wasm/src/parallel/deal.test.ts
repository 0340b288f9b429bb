import { equal, suite } from '@diffeo/testing'
import { deal } from './deal.ts'

const s = suite('deal of parts')

s.test('each has the parts of its own shard in order, then the last of the one with most left', () => {
  const cards = deal(3, 3)
  equal(
    [cards.next(1), cards.next(1), cards.next(1)],
    [0, 1, 2].map(part => ({ shard: 1, part })),
  )
  equal(cards.next(2), { shard: 2, part: 0 })
  equal(
    [cards.next(1), cards.next(1), cards.next(1)].map(share => share!.shard),
    [0, 0, 2],
  )
  equal([0, 1, 2].map(cards.left), [1, 0, 1])
  equal(
    cards.lent(0).map(({ part }) => part),
    [1, 2],
  )
  equal(
    cards.taken(1).map(({ shard, part }) => [shard, part]),
    [
      [1, 0],
      [1, 1],
      [1, 2],
      [0, 2],
      [0, 1],
      [2, 2],
    ],
  )
})

s.test('it is over when all have been begun, or when it is ended', async () => {
  const cards = deal(2, 1)
  equal([cards.next(0), cards.isOver()], [{ shard: 0, part: 0 }, false])
  equal([cards.next(0), cards.isOver(), cards.next(1)], [{ shard: 1, part: 0 }, true, undefined])
  await cards.over
  const ended = deal(2, 5)
  ended.end()
  await ended.over
  equal([ended.next(0), ended.isOver()], [undefined, true])
})

s.run()
