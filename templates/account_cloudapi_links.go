package templates

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"reflect"
	"strings"

	"github.com/kirim-go/kirim"
)

// linkError is why the link of a sample could not be made a handle.
type linkError struct {
	path string // in the components
	err  error
}

func (e *linkError) Error() string { return e.path + ": " + e.err.Error() }
func (e *linkError) Unwrap() error { return e.err }

// withHandles returns the components with handles in place of links, which it fetches. They
// are returned as they are, for the client to refuse, unless that was asked for.
func (a *cloudAccount) withHandles(ctx context.Context, components []kirim.ComponentDefinition) ([]kirim.ComponentDefinition, error) {
	if a.fetch == nil || a.uploads == nil || linkIn("components", components) == "" {
		return components, nil
	}
	components = bare(reflect.ValueOf(components)).Interface().([]kirim.ComponentDefinition)
	return components, a.replaceLinks(ctx, "components", components)
}

func (a *cloudAccount) replaceLinks(ctx context.Context, at string, components []kirim.ComponentDefinition) error {
	for i, c := range components {
		at := itemPath(at, i)
		if c.Example != nil && len(c.Example.HeaderURL) > 0 {
			handle, err := a.handleOf(ctx, c.Example.HeaderURL[0], mediaRules[strings.ToUpper(c.Format)])
			if err != nil {
				return &linkError{at + ".example.header_url", err}
			}
			c.Example.HeaderURL, c.Example.HeaderHandle = nil, []string{handle}
		}
		for j, card := range c.Cards {
			if err := a.replaceLinks(ctx, itemPath(at+".cards", j)+".components", card.Components); err != nil {
				return err
			}
		}
	}
	return nil
}

// handleOf fetches what is at a link and uploads it.
func (a *cloudAccount) handleOf(ctx context.Context, link string, rule mediaRule) (handle string, err error) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "", errors.New("want an https URL")
	}
	file, err := os.CreateTemp("", "kirim-sample-*")
	if err != nil {
		return "", err
	}
	defer func() {
		_ = file.Close()
		_ = os.Remove(file.Name()) // a file that nobody needs is no reason to fail
	}()
	if err := a.download(ctx, link, rule, file); err != nil {
		return "", fmt.Errorf("fetching the sample: %w", err)
	}
	mimeType, err := checkSample(file, rule)
	if err != nil {
		return "", fmt.Errorf("the sample: %w", err)
	}
	return a.Upload(ctx, path.Base(u.Path), mimeType, file)
}

// download writes no more than a byte beyond the limit, and leaves the file at its start.
func (a *cloudAccount) download(ctx context.Context, link string, rule mediaRule, file *os.File) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	response, err := a.fetch.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // without the link, which may have a secret in it
	}
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("want status 200, got %d", response.StatusCode)
	}
	if _, err := io.Copy(file, io.LimitReader(response.Body, rule.megabytes<<20+1)); err != nil {
		return err
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}
