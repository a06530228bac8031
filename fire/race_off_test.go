//go:build !race

package fire

const manySends = 100_000

// underRace says whether the race detector is on.
const underRace = false
