
module tiny_encoder(x, bits, clk);
  output [4:0] bits;
  reg [4:0] bits = 5'h00;
  (* init = 5'h00 *)
  wire [4:0] bits_register;
  input clk;
  wire clk;
  input [4:0] x;
  wire [4:0] x;
  wire x0_ge_1;
  wire x0_ge_4;
  wire x0_ge_6;
  wire x1_ge_2;
  wire x1_ge_3;
  assign x0_ge_1 = | x[2:0];
  assign x0_ge_6 = x[2:1] >= 2'h3;
  assign x1_ge_3 = x[4:3] >= 2'h3;
  always @(posedge clk)
    bits <= { x1_ge_3, x1_ge_2, x0_ge_6, x0_ge_4, x0_ge_1 };
  assign bits_register = bits;
  assign x0_ge_4 = x[2];
  assign x1_ge_2 = x[4];
endmodule
