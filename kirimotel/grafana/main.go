// Grafana writes a dashboard for Grafana, dashboard.json, and alerts for Prometheus,
// alerts.yml, whose queries are about the metrics of kirimotel. Both files are in the
// repository:
//
//	cd kirimotel/grafana && go generate .
//
// docs/operations.md says what each alert means.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run .

func main() {
	dir := flag.String("dir", ".", "where the files go")
	flag.Parse()
	files, err := generate()
	for name, text := range files {
		if err == nil {
			err = os.WriteFile(filepath.Join(*dir, name), text, 0o600)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "grafana:", err)
		os.Exit(1)
	}
}

// generate returns the files by their names.
func generate() (map[string][]byte, error) {
	dashboard, err := dashboardJSON(rows())
	if err != nil {
		return nil, err
	}
	rules, err := alertsYAML(alerts())
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"dashboard.json": dashboard, "alerts.yml": rules}, nil
}
