package templates

import (
	"context"
	"errors"
)

// PullOptions choose what [Pull] writes. The zero value pulls all templates.
type PullOptions struct {
	// Names are the templates to pull; none means all.
	Names []string
	// Languages are the languages to pull, by their codes; none means all.
	Languages []string
	// JSON writes new files in JSON. A file that exists keeps its form.
	JSON bool
	// DryRun says what would happen and writes nothing.
	DryRun bool
}

// PullResult says what [Pull] did.
type PullResult struct {
	// Files are those of the templates that were pulled, and those that the account does
	// not have, sorted by the names of the templates.
	Files []PulledFile
}

// PulledFile is what [Pull] did to the file of a template.
type PulledFile struct {
	Path      string
	Name      string // of the template
	Change    PullChange
	Languages []PulledLanguage // in the order of the file
}

// PulledLanguage is what [Pull] did to one language of a file.
type PulledLanguage struct {
	Code   string
	Change PullChange
	// Unknown lists the marks that the language has in the file.
	Unknown []Unknown
}

// PullChange is what happened to a file or to a language of it.
type PullChange string

// What happens in a pull.
const (
	PullCreated   PullChange = "created"
	PullChanged   PullChange = "changed"
	PullUnchanged PullChange = "unchanged" // it says what the account has
	PullKept      PullChange = "kept"      // the account does not have it
)

// Pull brings the files of a directory up to date with an account.
func Pull(ctx context.Context, account Account, dir string, options PullOptions) (*PullResult, error) {
	_, _, _, _ = ctx, account, dir, options
	return nil, errors.ErrUnsupported
}

// FromRemotes returns a file for each template of an account.
func FromRemotes(remotes []*Remote) []*File { return nil }
