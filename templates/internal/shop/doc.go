package shop

//go:generate go run -C ../../../cmd/kirim . templates generate --dir $PWD/templates --out $PWD/shop.go

// The tests of package templates use this package as a program uses its own. What
// generated code costs at run time is measured beside messages that are written by
// hand:
//
//	go test -bench .
//
// It has a template with a picture, texts and buttons in two languages, one with an
// offer, one for one-time codes, and carousels of films and of products. They are sent
// to a sandbox, and held against their definitions.
//
// A change of the generator changes the code here, which a test of package templates
// demands. So a reviewer of such a change sees what it does to the programs of its
// users.
