package main

import (
	_ "embed"

	"github.com/kirim-go/kirim/kirimtest"
	"github.com/kirim-go/kirim/templates"
)

// Package tpl is generated from the file of the template.
//
//go:generate go run -C ../../cmd/kirim . templates generate --dir $PWD/templates --out $PWD/tpl/tpl.go

//go:embed templates/march_sale.yaml
var marchSale []byte

// load gives the template to a sandbox. Accounts get it from kirim templates push.
func load(sandbox *kirimtest.Server) error {
	file, err := templates.Parse("march_sale.yaml", marchSale)
	if err != nil {
		return err
	}
	return templates.LoadFiles(sandbox, file)
}
