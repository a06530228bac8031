package outbox

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/kirim-go/kirim"
)

func TestWhatAConfigurationMayBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		config Config
		field  string // that is refused; empty for none
	}{
		{"the zero value", Config{}, ""},
		{"a lease that just exceeds an attempt", Config{Lease: 40 * time.Second, AttemptTimeout: 30 * time.Second}, ""},
		{"a lease too short for an attempt", Config{Lease: 40*time.Second - 1, AttemptTimeout: 30 * time.Second}, "Config.Lease"},
		{"a lease too short for the default attempt", Config{Lease: 44 * time.Second}, "Config.Lease"},
		{"an attempt too long for the default lease", Config{AttemptTimeout: 51 * time.Second}, "Config.Lease"},
		{"a negative lease", Config{Lease: -1}, "Config.Lease"},
		{"a negative attempt", Config{AttemptTimeout: -1}, "Config.AttemptTimeout"},
		{"a negative drain", Config{DrainTimeout: -1}, "Config.DrainTimeout"},
		{"a negative space between messages", Config{PairLimit: PairLimit{Every: -1}}, "Config.PairLimit.Every"},
		{"no space between messages", Config{PairLimit: PairLimit{Burst: -1}}, ""},
		{"the largest burst", Config{PairLimit: PairLimit{Burst: 100_000}}, ""},
		{"a burst above the largest", Config{PairLimit: PairLimit{Burst: 100_001}}, "Config.PairLimit.Burst"},
		{"a negative poll", Config{PollInterval: -1}, "Config.PollInterval"},
		{"nothing is given up, looked up or forgotten", Config{GiveUpAfter: -1, LookUpAfter: -1, KeepBodies: -1, KeepMessages: -1}, ""},
		{"no worker", Config{Classes: map[Class]ClassConfig{ClassMarketing: {}}}, ""},
		{"1,000 workers", Config{Classes: map[Class]ClassConfig{ClassMarketing: {Workers: 1000}}}, ""},
		{"1,001 workers", Config{Classes: map[Class]ClassConfig{ClassMarketing: {Workers: 1001}}}, `Config.Classes["marketing"].Workers`},
		{"fewer workers than none", Config{Classes: map[Class]ClassConfig{ClassMarketing: {Workers: -1}}}, `Config.Classes["marketing"].Workers`},
		{"a class without a name", Config{Classes: map[Class]ClassConfig{"": {Workers: 1}}}, "Config.Classes"},
		{"a class in capitals", Config{Classes: map[Class]ClassConfig{"Alerts": {Workers: 1}}}, "Config.Classes"},
		{"a class with a name that is too long", Config{Classes: map[Class]ClassConfig{Class(strings.Repeat("a", 33)): {Workers: 1}}}, "Config.Classes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.config.complete()
			var invalid *kirim.ValidationError
			switch {
			case tt.field == "" && err != nil:
				t.Fatal(err)
			case tt.field != "" && !errors.As(err, &invalid):
				t.Fatalf("got %v, want a *kirim.ValidationError", err)
			case tt.field != "" && invalid.Violations[0].Path != tt.field:
				t.Fatalf("%v, want it to name %s", err, tt.field)
			}
		})
	}
}

func TestTheDefaultsAreThoseThatTheFieldsTell(t *testing.T) {
	t.Parallel()
	classes := map[Class]ClassConfig{"alerts": {Workers: 2}, ClassCode: {}}
	given := maps.Clone(classes)
	c, err := Config{Classes: classes}.complete()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][2]time.Duration{
		"Lease":           {c.Lease, time.Minute},
		"AttemptTimeout":  {c.AttemptTimeout, 35 * time.Second},
		"GiveUpAfter":     {c.GiveUpAfter, 24 * time.Hour},
		"LookUpAfter":     {c.LookUpAfter, 10 * time.Minute},
		"KeepBodies":      {c.KeepBodies, 7 * 24 * time.Hour},
		"KeepMessages":    {c.KeepMessages, 90 * 24 * time.Hour},
		"DrainTimeout":    {c.DrainTimeout, 40 * time.Second},
		"PairLimit.Every": {c.PairLimit.Every, 6 * time.Second},
	} {
		if got[0] != got[1] {
			t.Errorf("%s is %v, want %v", name, got[0], got[1])
		}
	}
	if c.PairLimit.Burst != 45 || c.Logger == nil {
		t.Errorf("the burst is %d, the logger %v", c.PairLimit.Burst, c.Logger)
	}
	want := map[Class]ClassConfig{ClassTransactional: {16}, ClassCode: {0}, ClassMarketing: {4}, "alerts": {2}}
	if !maps.Equal(c.Classes, want) {
		t.Errorf("the classes are %v, want %v", c.Classes, want)
	}
	if !maps.Equal(classes, given) {
		t.Errorf("the caller's map was changed: %v", classes)
	}
}
