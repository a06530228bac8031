// Pictures draws the pictures of the manual into docs/. Their numbers come from
// the SDK's defaults and from runs of the sandbox.
//
//	go run ./docs/pictures
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "docs", "where the pictures go")
	flag.Parse()
	drawn, err := pictures()
	if err != nil {
		log.Fatal(err)
	}
	for name, svg := range drawn {
		if err := os.WriteFile(filepath.Join(*dir, name), svg, 0o600); err != nil {
			log.Fatal(err)
		}
	}
}

// pictures returns all pictures by the names of their files.
func pictures() (map[string][]byte, error) {
	delivery, err := deliveryPicture()
	if err != nil {
		return nil, err
	}
	operations, err := operationsPicture()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"retries.svg":    retriesPicture(),
		"delivery.svg":   delivery,
		"request.svg":    requestPicture(),
		"outbox.svg":     outboxPicture(),
		"operations.svg": operations,
	}, nil
}
