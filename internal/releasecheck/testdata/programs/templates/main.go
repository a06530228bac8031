package main

import (
	"fmt"
	"log"

	"github.com/kirim-go/kirim/templates"
)

// main reads a template, and says what its creation would send and what its recipient
// would see.
func main() {
	file, err := templates.Parse("order_update.yaml", []byte("name: order_update\ncategory: utility\nlanguages:\n  id:\n    body: Pesanan Anda sedang dikirim.\n"))
	if err != nil {
		log.Fatal(err)
	}
	params := file.Params(&file.Languages[0])
	preview, err := file.Preview("id", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(params.Name, params.Language, preview.Text())
}
