SELECT id, upper(name) AS name FROM rows
