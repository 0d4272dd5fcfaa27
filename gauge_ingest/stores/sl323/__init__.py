"""Export to the database of an upper platform: tables ST_PPTN_R and ST_STBPRP_B after SL 323."""
