package bench

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkBinary has no time to report, only the size of a stripped program that sends
// one text, and of how many modules it has code, its own aside.
func BenchmarkBinary(b *testing.B) {
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "onetext")
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./onetext")
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		file, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(file.Size())/1e6, "MB")
		b.ReportMetric(float64(len(info.Deps)), "modules")
	}
}
