//go:build !race

package fire

const manySends = 100_000
