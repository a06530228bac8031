module github.com/kirim-go/kirim/fire

go 1.25.0

replace github.com/kirim-go/kirim => ../

require github.com/kirim-go/kirim v0.0.0

require github.com/stripe/stripe-go/v85 v85.0.0

require pgregory.net/rapid v1.3.0

require (
	golang.org/x/net v0.56.0
	golang.org/x/text v0.38.0 // indirect
)

require (
	github.com/google/go-querystring v1.2.0 // indirect
	github.com/hashicorp/go-cleanhttp v0.5.2 // indirect
	github.com/hashicorp/go-retryablehttp v0.7.8 // indirect
	go.uber.org/goleak v1.3.0
)
