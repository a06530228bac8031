// Package fire has only tests: those of the SDK under load and failure that
// need more than the standard library.
package fire
