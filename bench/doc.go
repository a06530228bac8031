// Package bench has only benchmarks: this SDK beside bare net/http and beside
// other SDKs, in one run. The programs that make a table of them are below it.
package bench
