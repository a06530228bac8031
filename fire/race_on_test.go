//go:build race

package fire

// manySends is less under the race detector, which takes several times as
// long; `make sends` runs all of them.
const manySends = 10_000

// underRace says whether the race detector is on.
const underRace = true
