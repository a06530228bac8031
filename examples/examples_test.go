// Package examples_test holds the examples to what they promise.
package examples_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEachExampleIsShortTestedAndTellsHowToRunIt(t *testing.T) {
	t.Parallel()
	programs, err := filepath.Glob("*/main.go")
	if err != nil || len(programs) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, program := range programs {
		dir := filepath.Dir(program)
		limit := 120
		if dir == "quickstart" { // a send, a refusal, its rescue and three faults in one table
			limit = 128
		}
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if lines := strings.Count(string(source), "\n"); lines >= limit && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s has %d lines, %d or more are too many", file, lines, limit)
			}
			head, _, _ := strings.Cut(string(source), "package main")
			if file == program && !strings.Contains(head, "\n//\tgo run ./examples/"+dir) && !strings.Contains(head, "\n//\tgo run -C examples/"+dir+" .") {
				t.Errorf("%s does not begin with how to run it", program)
			}
		}
		if dir == "orders" || dir == "campaign" { // with a file for each of their parts
			continue
		}
		if len(files) != 2 || files[1] != dir+"/main_test.go" {
			t.Errorf("%s is more than a program and its test: %q", dir, files)
		}
	}
}
