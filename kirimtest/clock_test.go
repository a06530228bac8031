package kirimtest

import (
	"testing"
	"time"
)

func TestManualClockMovesOnlyWhenTold(t *testing.T) {
	t.Parallel()
	c := NewManualClock(epoch)
	soon, _ := c.NewTimer(time.Second)
	never, stop := c.NewTimer(time.Second)
	atOnce, _ := c.NewTimer(0)
	stop()
	if at := <-atOnce; !at.Equal(epoch) {
		t.Errorf("a timer of zero fired at %v", at)
	}
	c.Advance(-time.Hour)
	c.Advance(time.Second - 1)
	select {
	case <-soon:
		t.Error("it fired too early")
	default:
	}
	c.Advance(1)
	if at := <-soon; !at.Equal(epoch.Add(time.Second)) || !c.Now().Equal(at) {
		t.Errorf("it fired at %v, the clock reads %v", at, c.Now())
	}
	select {
	case <-never:
		t.Error("a stopped timer fired")
	default:
	}
	c.BlockUntil(0)
}
