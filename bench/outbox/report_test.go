package main

import (
	"math"
	"testing"
)

func TestTheTrendIsThatOfMostParts(t *testing.T) {
	t.Parallel()
	var list []slice
	for i := range 50 {
		seconds := 100 / (1000 - 4*float64(i)) // 1,000 a second, and at last 804
		if i%7 == 3 {
			seconds *= 5 // another program takes the machine
		}
		list = append(list, slice{Messages: 100, Seconds: seconds, Control: 1000})
	}
	if got := trend(list, slice.ratio); math.Abs(got-0.804) > 0.02 {
		t.Errorf("the end is %.3f of the beginning, want 0.804", got)
	}
}

func TestNumbersAreGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
