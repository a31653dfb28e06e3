-- Amounts as the exchange writes them: at least 8 decimals, more only where they are not zero. A numeric keeps the form
-- it was given, so that `::text` of a column is what is served; from now on the writer gives it this one.
UPDATE candles SET
    open = round(open, greatest(8, min_scale(open))),
    high = round(high, greatest(8, min_scale(high))),
    low = round(low, greatest(8, min_scale(low))),
    close = round(close, greatest(8, min_scale(close))),
    volume = round(volume, greatest(8, min_scale(volume))),
    quote_volume = round(quote_volume, greatest(8, min_scale(quote_volume))),
    taker_buy_volume = round(taker_buy_volume, greatest(8, min_scale(taker_buy_volume))),
    taker_buy_quote_volume = round(taker_buy_quote_volume, greatest(8, min_scale(taker_buy_quote_volume)))
WHERE (scale(open), scale(high), scale(low), scale(close),
       scale(volume), scale(quote_volume), scale(taker_buy_volume), scale(taker_buy_quote_volume))
   IS DISTINCT FROM
      (greatest(8, min_scale(open)), greatest(8, min_scale(high)),
       greatest(8, min_scale(low)), greatest(8, min_scale(close)),
       greatest(8, min_scale(volume)), greatest(8, min_scale(quote_volume)),
       greatest(8, min_scale(taker_buy_volume)), greatest(8, min_scale(taker_buy_quote_volume)));
