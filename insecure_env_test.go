package kirim_test

import (
	"bytes"
	"log"
	"log/slog"
	"strings"
	"testing"

	"github.com/kirim-go/kirim"
)

func TestPlainHTTPFromTheEnvironmentIsLoud(t *testing.T) {
	const warning = "KIRIM_INSECURE_HTTP=1"
	t.Setenv("KIRIM_API_KEY", testKey)
	before, output, flags := slog.Default(), log.Writer(), log.Flags()
	t.Cleanup(func() {
		slog.SetDefault(before)
		log.SetOutput(output) // which slog.SetDefault leads to its own
		log.SetFlags(flags)
	})
	for _, tt := range []struct {
		name, base, allowed string
		fails, warns        bool
	}{
		{"not allowed", "http://sandbox:8080/v1", "", true, false},
		{"turned off", "http://sandbox:8080/v1", "0", true, false},
		{"neither", "http://sandbox:8080/v1", "yes", true, false},
		{"allowed", "http://sandbox:8080/v1", "1", false, true},
		{"allowed but https", "https://sandbox:8080/v1", "1", false, false},
		{"allowed but loopback", "http://127.0.0.1:8080/v1", "1", false, false},
	} {
		t.Setenv("KIRIM_BASE_URL", tt.base)
		t.Setenv("KIRIM_INSECURE_HTTP", tt.allowed)
		for _, own := range []bool{true, false} {
			var printed bytes.Buffer
			logger := slog.New(slog.NewTextHandler(&printed, nil))
			var opts []kirim.Option
			if own {
				opts = append(opts, kirim.WithLogger(logger))
			} else {
				slog.SetDefault(logger)
			}
			_, err := kirim.NewClientFromEnv(opts...)
			warned := strings.Contains(printed.String(), "level=WARN") && strings.Contains(printed.String(), warning)
			if (err != nil) != tt.fails || warned != tt.warns || strings.Contains(printed.String(), testKey) {
				t.Errorf("%s: %v; log %q", tt.name, err, printed.String())
			}
		}
	}
	// Only who asks for the environment gets it.
	_, err := kirim.NewClient(testKey, kirim.WithBaseURL("http://sandbox:8080/v1"))
	wantText(t, err, "plain http")
}
