// Command releasecheck checks that a release can be used outside this
// repository. In a temporary clone it makes the commits and tags of the release:
// it drops the replace directives and requires the other modules of this
// repository at the released version. It serves the result as a module proxy.
// In an empty module with an empty module cache it then builds and runs the
// main.go below testdata/programs of each released module, and runs the
// commands that the commands.txt beside it lists. It is run by make
// release-check.
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
	"outbox/fire",
}

// programs is the directory with what is built and run for each module.
const programs = "internal/releasecheck/testdata/programs"

func main() {
	version := flag.String("version", "v0.0.0-check", "the version to release")
	keep := flag.String("keep", "", "a new directory for the clone with the commits and tags; without it the clone is removed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *version, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "releasecheck:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, version, keep string) error {
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
	return r.check(ctx, programs)
}

// release is one run of the check.
type release struct {
	version string
	clone   string // the directory of the clone
	work    string // a temporary directory for everything else
	origin  string // the path of the root module
	modules []module
	env     []string
	out     io.Writer
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
	fmt.Fprintf(r.out, "%d modules can be used from outside (%.0f s). Their tags, in the order to push them:\n\t%s\n",
		len(tags), time.Since(began).Seconds(), strings.Join(tags, "\n\t"))
	return nil
}

var versionForm = regexp.MustCompile(`^v[01]\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
