# Local regression of ozone on wind, temperature and radiation (R's airquality data), judged by
# 10-fold cross-validation; the value is the mean absolute error, in parts per billion.
# usage: Rscript loess.R SPAN DEGREE FAMILY
arguments <- commandArgs(trailingOnly = TRUE)
data <- na.omit(airquality)
set.seed(1)
fold <- sample(rep(1:10, length.out = nrow(data)))

errors <- c()
for (k in 1:10) {
  model <- loess(Ozone ~ Wind + Temp + Solar.R, data[fold != k, ],
                 span = as.numeric(arguments[1]), degree = as.integer(arguments[2]),
                 family = arguments[3], control = loess.control(surface = "direct"))
  test <- data[fold == k, ]
  errors <- c(errors, abs(predict(model, test) - test$Ozone))
  cat("hpod: report", k, mean(errors), "\n")  # a bad model is stopped before its last fold
  flush(stdout())
}
