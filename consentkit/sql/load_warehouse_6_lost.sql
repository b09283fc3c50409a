-- Warehouse tables whose account does not add up: there is no way this can be, so loading stops where it is.
SELECT f.path
FROM input_file AS f
WHERE f.kind = 'warehouse' AND f.lines <> f.loaded + f.rejected + f.duplicates
