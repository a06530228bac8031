package templates

// merge returns the text of a file with the content of another.
func merge(old, f *File) ([]byte, error) {
	return f.YAML(), nil
}
