package templates

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Read reads all templates of a directory: its files *.yaml, *.yml and *.json, not
// those of directories below. They are sorted by the names of the templates.
//
// The error joins all that is wrong: a [*SyntaxError] for each file that cannot be
// read, and one for two files of the same template.
func Read(dir string) ([]*File, error) {
	files, faults, err := readAll(dir)
	if err != nil {
		return nil, err
	}
	for _, fault := range faults {
		err = errors.Join(err, fault)
	}
	for i, f := range files {
		if i > 0 && f.Name != "" && f.Name == files[i-1].Name {
			err = errors.Join(err, fmt.Errorf("templates: %s and %s are both the template %s", files[i-1].path, f.path, f.Name))
		}
	}
	if err != nil {
		return nil, err
	}
	return files, nil
}

// readAll reads the files of a directory, sorted by the names of the templates, and
// returns what is wrong with those that cannot be read.
func readAll(dir string) (files []*File, faults []error, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if !isTemplate(entry.Name()) {
			continue
		}
		info, err := os.Stat(path) // of what a link leads to
		if err == nil && info.IsDir() {
			continue
		}
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("templates: %s is not a regular file", path)
		}
		var text []byte
		if err == nil {
			text, err = readFile(path)
		}
		var f *File
		if err == nil {
			f, err = Parse(path, text)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		files = append(files, f)
	}
	slices.SortStableFunc(files, func(a, b *File) int { return cmp.Compare(a.Name, b.Name) })
	return files, faults, nil
}

// isTemplate reports whether a file has the name of one with a template.
func isTemplate(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

// readFile reads no more than [Parse] takes, and a byte.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, MaxFileSize+1))
}
