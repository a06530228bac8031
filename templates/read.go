package templates

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Read reads all templates of a directory: its files *.yaml, *.yml and *.json, not
// those of directories below. They are sorted by the names of the templates.
//
// The error joins all that is wrong: a [*SyntaxError] for each file that cannot be
// read, and one for two files of the same template.
func Read(dir string) ([]*File, error) {
	files, unread, err := readAll(dir)
	if err != nil {
		return nil, err
	}
	for _, u := range unread {
		err = errors.Join(err, u.err)
	}
	for i, f := range files {
		if i > 0 && f.Name != "" && f.Name == files[i-1].Name {
			err = errors.Join(err, twice(files[i-1], f))
		}
	}
	if err != nil {
		return nil, err
	}
	return files, nil
}

func twice(a, b *File) error {
	return fmt.Errorf("templates: %s and %s are both the template %s", a.path, b.path, a.Name)
}

// unread is a file that cannot be read, and the templates that may be in it.
type unread struct {
	path  string
	names []string
	err   error
}

// nameLine is where a file that is no YAML or JSON still says its template.
var nameLine = regexp.MustCompile(`(?m)^\s*"?name"?\s*:\s*["']?([a-z0-9_]+)`)

// readAll reads the files of a directory, sorted by the names of the templates, and
// returns those that cannot be read, too.
func readAll(dir string) (files []*File, failed []unread, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		if !isTemplate(entry.Name()) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		text, err := readFile(path)
		if errors.Is(err, errIsDirectory) {
			continue
		}
		var f *File
		if err == nil {
			f, err = Parse(path, text)
		}
		if err != nil {
			u := unread{path, []string{strings.TrimSuffix(entry.Name(), filepath.Ext(path))}, err}
			for _, match := range nameLine.FindAllSubmatch(text, 1) {
				u.names = append(u.names, string(match[1]))
			}
			failed = append(failed, u)
			continue
		}
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(a, b *File) int { return cmp.Compare(a.Name, b.Name) })
	return files, failed, nil
}

// isTemplate reports whether a file has the name of one with a template.
func isTemplate(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

var errIsDirectory = errors.New("is a directory")

// readFile reads no more than [Parse] takes, and a byte. What is not a file, such as a
// pipe, is not opened.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // of what a link leads to
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errIsDirectory
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("templates: %s is not a regular file", path)
	}
	f, err := os.Open(path) //nolint:gosec // a file of the directory that the caller names
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, MaxFileSize+1))
}
