# The recorded pair series, in the working directory -> r_values.json: what R says of some windows.
# A value: hedge ratio, intercept, R squared, last residual, z (ddof 1), z (ddof 0), correlation of
# returns.
out <- paste0('"r": "', R.version.string, '"')
say <- function(name, ...) {
  values <- paste(sprintf("%.17g", c(...)), collapse = ", ")
  out <<- c(out, paste0('"', name, '": [', values, "]"))
}
run <- function(tag, y, x) {
  for (prices in c("level", "log")) {
    a <- if (prices == "log") log(y) else y
    b <- if (prices == "log") log(x) else x
    for (n in c(30, 60, 300)) if (length(a) >= n) for (end in c(n, length(a))) {
      from <- end - n + 1
      yy <- a[from:end]
      xx <- b[from:end]
      simple <- function(p) p[(from + 1):end] / p[from:(end - 1)] - 1
      ry <- if (prices == "log") diff(yy) else simple(y)
      rx <- if (prices == "log") diff(xx) else simple(x)
      for (hedge in c("ols", "origin")) {
        line <- if (hedge == "ols") lm(yy ~ xx) else lm(yy ~ 0 + xx)
        e <- residuals(line)
        about <- if (hedge == "ols") mean(yy) else 0
        say(
          paste(tag, prices, n, end, hedge), coef(line)[["xx"]],
          if (hedge == "ols") coef(line)[["(Intercept)"]] else 0,
          1 - sum(e^2) / sum((yy - about)^2), unname(e[n]), unname(e[n]) / sd(e),
          unname(e[n]) / sqrt(sum((e - mean(e))^2) / n), cor(ry, rx)
        )
      }
    }
  }
}
run("ANZ-ADB", read.csv("ANZ-ADB.csv")$ANZ, read.csv("ANZ-ADB.csv")$ADB)
run("XLF-XLK", read.csv("XLF-XLK.csv")$XLF, read.csv("XLF-XLK.csv")$XLK)
run("GDX-GLD", read.csv("gld_gdx_data.csv")$GDX, read.csv("gld_gdx_data.csv")$GLD)
run("EEM-EWG", read.csv("etf_prices.csv.gz")$EEM, read.csv("etf_prices.csv.gz")$EWG)
run("btc-eth", read.csv("aligned_20240808_1s.csv.gz")$btc, read.csv("aligned_20240808_1s.csv.gz")$eth)
writeLines(paste0("{\n  ", paste(out, collapse = ",\n  "), "\n}"), "r_values.json")
