// Command scale prints the tables of docs/scale.md: what accounts, numbers, workers, nodes,
// PostgreSQL and webhooks carry, up to 100 million messages a day, by a model whose inputs
// are measured or named as assumptions (costs.go), and by a simulation in virtual time
// (sim.go, model.go). It runs in bench/, and writes them into the page with
//
//	go run ./scale -write ../docs/scale.md
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"regexp"
	"slices"
)

func main() {
	log.SetFlags(0)
	page := flag.String("write", "", "a page whose tables are replaced; the default is to print them")
	flag.Parse()
	c, err := readCosts()
	if err != nil {
		log.Fatal(err)
	}
	tables := c.tables()
	if *page == "" {
		for _, name := range slices.Sorted(maps.Keys(tables)) {
			fmt.Printf("%s:\n\n%s\n", name, tables[name])
		}
		return
	}
	text, err := os.ReadFile(*page)
	if err == nil {
		text, err = replaceTables(text, tables)
	}
	if err == nil {
		err = os.WriteFile(*page, text, 0o644) //nolint:gosec // for all to read
	}
	if err != nil {
		log.Fatal(err)
	}
}

var tablePlace = regexp.MustCompile(`(?s)(<!-- scale: ([a-z]+) -->\n).*?(<!-- end -->)`)

// replaceTables puts the tables into a page: each between a comment with its name and one
// that ends it.
func replaceTables(text []byte, tables map[string]string) ([]byte, error) {
	left := maps.Clone(tables)
	text = tablePlace.ReplaceAllFunc(text, func(place []byte) []byte {
		parts := tablePlace.FindSubmatch(place)
		name := string(parts[2])
		delete(left, name)
		return slices.Concat(parts[1], []byte(tables[name]), parts[3])
	})
	if len(left) > 0 {
		return nil, fmt.Errorf("the page has no place for %v", slices.Sorted(maps.Keys(left)))
	}
	return text, nil
}
