SELECT md5(id || '-' || $turn) AS place, id, text
FROM rows
