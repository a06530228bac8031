package templates

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// createFile writes a new file, and the directory for it.
func createFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // files to be committed
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("templates: %s exists and is another template", path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeFile(path, text, 0o644)
}

// replaceFile writes a file that was read before, in place of what it had then. A link
// stays one; the file that it leads to must be in the directory.
func replaceFile(dir, path string, old, text []byte) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(root, target); err != nil || !filepath.IsLocal(inside) {
		return fmt.Errorf("templates: %s leads out of the directory", path)
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	if now, err := readFile(target); err != nil {
		return err
	} else if !bytes.Equal(now, old) {
		return fmt.Errorf("templates: %s was changed in the meantime; pull again", path)
	}
	return writeFile(target, text, info.Mode().Perm())
}

// writeFile writes a file so that it has either all of the text or what it had before.
func writeFile(path string, text []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".template-*.tmp")
	if err != nil {
		return fmt.Errorf("templates: %s is not written: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the error of the write counts
			err = fmt.Errorf("templates: %s is not written: %w", path, err)
		}
	}()
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if failed := f.Close(); err == nil {
		err = failed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
