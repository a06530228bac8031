package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestThePicturesAreThoseThatTheProgramDraws(t *testing.T) {
	t.Parallel()
	drawn, err := pictures()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range drawn {
		if got, err := os.ReadFile(filepath.Join("..", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/%s is not what the program draws; run make pictures (%v)", name, err)
		}
		decoder := xml.NewDecoder(bytes.NewReader(want))
		for err == nil {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s is not XML: %v", name, err)
		}
		err = nil
	}
}
