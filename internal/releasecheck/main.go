// Command releasecheck checks that a release can be used outside this
// repository. In a temporary clone it makes the commits and tags of the release:
// it drops the replace directives and requires the other modules of this
// repository at the released version. It serves the result as a module proxy.
// In an empty module with an empty module cache it then builds and runs the
// main.go below testdata/programs of each released module, and runs the
// commands that the commands.txt beside it lists, and it makes and checks the
// files that the release offers for download, for this platform alone. It is
// run by make release-check.
//
// With -artifacts it only makes these files: binaries, SBOMs and checksums. It
// is run by make release-artifacts.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// unreleased are the modules that get no tag, by directory: nobody outside
// this repository requires them. Every other module is released.
var unreleased = []string{
	"bench",
	"contract",
	"examples/campaign",
	"examples/orders",
	"examples/routers",
	"examples/tracing",
	"fire",
	"kirimotel/grafana",
	"outbox/fire",
}

// programs is the directory with what is built and run for each module.
const programs = "internal/releasecheck/testdata/programs"

func main() {
	version := flag.String("version", "v0.0.0-check", "the version to release")
	keep := flag.String("keep", "", "a new directory for the clone with the commits and tags; without it the clone is removed")
	artifacts := flag.String("artifacts", "", "write binaries, SBOMs and checksums into this new directory, and use nothing from outside")
	only := flag.String("module", "", "the directory of the one module whose artifacts are wanted; without it those of all")
	targets := flag.String("platforms", "linux/amd64", "the platforms of the binaries, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var list []string
	if *targets != "" {
		list = strings.Split(*targets, ",")
	}
	if err := run(ctx, os.Stdout, *version, *keep, *artifacts, *only, list); err != nil {
		fmt.Fprintln(os.Stderr, "releasecheck:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, version, keep, artifacts, only string, platforms []string) error {
	work, err := os.MkdirTemp("", "releasecheck")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	clone := filepath.Join(work, "clone")
	if keep != "" {
		if clone, err = filepath.Abs(keep); err != nil {
			return err
		}
	}
	r, err := newRelease(ctx, ".", clone, work, version, unreleased)
	if err != nil {
		return err
	}
	r.out = out
	if artifacts == "" {
		return r.check(ctx, programs)
	}
	if artifacts, err = filepath.Abs(artifacts); err != nil {
		return err
	}
	return r.makeArtifacts(ctx, artifacts, only, platforms)
}

// release is one run of the check.
type release struct {
	version string
	source  string // the directory of the repository
	clone   string // the directory of the clone
	work    string // a temporary directory for everything else
	origin  string // the path of the root module
	modules []module
	env     []string
	out     io.Writer

	binaries  []string                                     // the modules that are released as binaries too
	generator func(ctx context.Context) (generator, error) // makes what makes SBOMs
}

// check makes the release and uses it. The programs are those of the clone.
func (r *release) check(ctx context.Context, programs string) error {
	programs = filepath.Join(r.clone, filepath.FromSlash(programs))
	began := time.Now()
	var tags []string
	for _, m := range r.modules {
		if err := m.hasPrograms(programs); err != nil {
			return err
		}
	}
	for _, m := range r.modules {
		if err := r.publish(ctx, m); err != nil {
			return fmt.Errorf("releasing %s: %w", m.path, err)
		}
		tags = append(tags, m.tag(r.version))
	}
	for _, m := range r.modules {
		if err := r.use(ctx, m, programs); err != nil {
			return fmt.Errorf("using %s from outside: %w", m.path, err)
		}
	}
	if err := r.writeArtifacts(ctx, filepath.Join(r.work, "artifacts"), "", []string{runtime.GOOS + "/" + runtime.GOARCH}); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "%d modules can be used from outside (%.0f s). Their tags, in the order to push them:\n\t%s\n",
		len(tags), time.Since(began).Seconds(), strings.Join(tags, "\n\t"))
	return nil
}

var versionForm = regexp.MustCompile(`^v[01]\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
